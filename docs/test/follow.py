#!/usr/bin/env python3
"""follow.py PAGE SOURCE INTO: does what a page of Markdown tells a programmer to do.

A block ```cpp PATH is written to INTO/PATH. A block ```diff is applied by patch(1) to the files that
it names, which are taken from SOURCE before; one that does not fit them any more is an error.
"""

import pathlib
import re
import shutil
import subprocess
import sys

page, source, into = (pathlib.Path(argument) for argument in sys.argv[1:])
text = page.read_text(encoding="utf-8")

for path, code in re.findall(r"^```cpp (\S+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
    written = into / path
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text(code, encoding="utf-8")

for change in re.findall(r"^```diff\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
    for path in re.findall(r"^--- a/(\S+)$", change, re.MULTILINE):
        (into / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / path, into / path)
    subprocess.run(
        ["patch", "--strip=1", "--fuzz=0", "--quiet", "--no-backup-if-mismatch", f"--directory={into}"],
        input=change,
        text=True,
        check=True,
    )
