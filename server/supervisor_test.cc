namespace closewait {}
