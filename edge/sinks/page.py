"""The one page that the HTTP sink serves: the stream, never larger than the window or than itself."""
from __future__ import annotations

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark">
<title>Masque – live picture</title>
<link rel="icon" href="data:,">
<style>
  html, body { height: 100%; margin: 0 }
  body { display: flex; flex-direction: column; background: #14161a; color: #d7dae0 }
  main { flex: 1; min-height: 0; display: flex; align-items: center; justify-content: center; padding: 12px }
  img { max-width: 100%; max-height: 100%; object-fit: contain; border-radius: 6px; background: #1f2229 }
  footer { padding: 0 16px 12px; text-align: center; color: #a3a9b4; font: 14px/1.5 system-ui, sans-serif }
  a { color: #8ec5ff }
</style>
</head>
<body>
<main><img src="/stream.mjpg" alt="The live picture: the person in front of the new background."></main>
<footer>Seen on this computer only; nothing is uploaded. <a href="/frame.jpg" download="masque.jpg">Save this
picture</a></footer>
</body>
</html>
""".encode()
"""UTF-8. Without scripts: what the browser does with a stream of pictures is enough."""
