"""The page at /: what this is, for whoever opens the server in a browser."""

from turnwise import __version__

PAGE = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>turnwise</title>
<style>
  :root {{ color-scheme: light dark; --ink: #1c1f24; --soft: #5b6470; --line: #d9dde3;
    --paper: #fbfbfa; --code: #f1f2f4; --link: #0b5fad }}
  @media (prefers-color-scheme: dark) {{
    :root {{ --ink: #e7e9ec; --soft: #9aa3af; --line: #31363d; --paper: #16181b;
      --code: #202327; --link: #7db8f0 }} }}
  body {{ margin: 0 auto; max-width: 42rem; padding: 4rem 1.5rem; background: var(--paper);
    color: var(--ink); font: 1rem/1.6 system-ui, sans-serif }}
  h1 {{ margin: 0; font-size: 1.75rem; letter-spacing: -.02em }}
  h2 {{ margin: 2.5rem 0 .5rem; font-size: 1rem }}
  p {{ margin: .5rem 0 }}
  .soft {{ color: var(--soft) }}
  pre, code {{ font: .875rem/1.6 ui-monospace, monospace }}
  pre {{ white-space: pre-wrap; overflow-wrap: anywhere; padding: .75rem 1rem;
    border: 1px solid var(--line); border-radius: .5rem; background: var(--code) }}
  table {{ width: 100%; border-collapse: collapse }}
  td {{ padding: .4rem 1rem .4rem 0; border-top: 1px solid var(--line); vertical-align: top }}
  a {{ color: var(--link) }}
</style>
<h1>turnwise</h1>
<p>A speech recogniser for conversations: it hears turns, not just words.
<span class="soft">Version {__version__}.</span></p>

<h2>Connect</h2>
<p>Stream audio to this WebSocket, and read turn events from it:</p>
<pre id="url">/v2/listen?model=flux-general-en&amp;encoding=linear16&amp;sample_rate=16000</pre>
<p>From a shell on the machine that runs it:</p>
<pre>turnwise transcribe --url <span id="base">ws://localhost:8080</span> recording.wav</pre>
<p class="soft">An API key, if this server asks for one, goes into the header
<code>Authorization: Token KEY</code>, or in a browser into the subprotocols
<code>["token", KEY]</code>.</p>

<h2>Look around</h2>
<table>
<tr><td><a href="/healthz">/healthz</a></td><td>is it alive</td></tr>
<tr><td><a href="/readyz">/readyz</a></td><td>does it take streams</td></tr>
<tr><td><a href="/metrics">/metrics</a></td><td>how is it doing, for Prometheus</td></tr>
<tr><td><code>POST /v1/auth/grant</code></td><td>trade an API key for a temporary token</td></tr>
<tr><td><code>GET /v1/auth/token</code></td><td>is this API key any good</td></tr>
</table>
<script>
  const base = location.origin.replace(/^http/, "ws");
  document.getElementById("base").textContent = base;
  document.getElementById("url").prepend(base);
</script>
</html>
"""
