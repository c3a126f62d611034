
// -----------------------------------------------------------------------------
// Loading the program
// -----------------------------------------------------------------------------

// loadProgram fetches the compiled app and says how far it has come. The browser
// keeps compiled code for a response that it made itself only, so progress is
// counted, by handing over another, just where there is nothing to be kept yet:
// before the service worker has the program.
async function loadProgram(url, showProgress) {
  const response = await fetch(url);
  if (!response.ok) {
    throw new Error(`The app did not load: the server answered ${response.status}. Reload the page to try again.`);
  }
  if (!response.body || navigator.serviceWorker?.controller) {
    return response;
  }
  const total = Number(goappWasmContentLength);
  let loaded = 0;
  const count = new TransformStream({
    transform(chunk, controller) {
      loaded += chunk.byteLength;
      showProgress(Math.min(100, Math.round((loaded * 100) / total)));
      controller.enqueue(chunk);
    },
  });
  return new Response(response.body.pipeThrough(count), {
    headers: { "Content-Type": "application/wasm" },
  });
}

// thisScript is the address of this file, which bears a hash of the app.
const thisScript = document.currentScript.src;

// sluiceIsCurrent says whether the version that the service worker has just made
// ready is the one that runs here. It often is, as the page itself comes from
// the network first.
async function sluiceIsCurrent() {
  return (await caches.match(thisScript)) !== undefined;
}
