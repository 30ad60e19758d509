"""Writes down what is posted to it, a line a post: webhook.py ADDRESS PORT_FILE POSTS_FILE."""

import http.server
import sys

address, port_file, posts_file = sys.argv[1:]


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open(posts_file, "ab") as posts:
            posts.write(body.replace(b"\n", b" ") + b"\n")
        self.send_response(200)
        self.end_headers()

    def log_message(self, *ignored):
        pass


server = http.server.HTTPServer((address, 0), Hook)
with open(port_file, "w") as port:
    port.write(f"{server.server_address[1]}\n")
server.serve_forever()
