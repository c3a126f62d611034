// The service worker: it lets the app open without a network, and stays out of
// everything else.
//
// It answers two things: navigation to a page, from the network where that
// answers in time and from its cache where it does not; and the files that it
// puts into its cache itself, whose names change with their content. All other
// requests are none of its business and go past it: a stream that ran through
// here would lose its Last-Event-ID, break when the worker is put to sleep, and
// hold up a new version for as long as it runs.

const prefix = "sluice-";
const cacheName = prefix + "{{.Version}}";
// What is kept from the start, and what is kept from when it is first asked for.
const [precache, later] = {{.Lists}};
const pages = [...precache, ...later].filter((path) => !path.slice(1).includes("."));

// How long a navigation waits for the network, in milliseconds. A network that
// is there but does not answer should not keep an installed app from opening.
const patience = 3000;

self.addEventListener("install", (event) => {
  event.waitUntil(install());
});

// install fails as a whole where one file is missing: the version before then
// stays, which is better than an app with a hole in it.
async function install() {
  const cache = await caches.open(cacheName);
  await cache.addAll(precache);
  await self.skipWaiting();
}

self.addEventListener("activate", (event) => {
  event.waitUntil(activate());
});

// activate does not claim the pages that no worker answers yet: those of a first
// visit, which would take their own installation for a new version.
async function activate() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(prefix) && name !== cacheName);
  await Promise.all(old.map((name) => caches.delete(name)));
}

self.addEventListener("fetch", (event) => {
  const request = event.request;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) {
    return;
  }
  if (request.mode === "navigate") {
    if (pages.includes(url.pathname)) {
      event.respondWith(page(request, url.pathname));
    }
    return;
  }
  if (pages.includes(url.pathname) || url.search !== "") {
    return;
  }
  if (precache.includes(url.pathname) || later.includes(url.pathname)) {
    event.respondWith(asset(request, url.pathname));
  }
});

// page asks the network first, so that a new version is seen at once. A page is
// the same for every query, so one copy serves them all. One that was never
// opened gives way, without a network, to the one that always opens.
async function page(request, path) {
  const cache = await caches.open(cacheName);
  const cached = await cache.match(path);
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), cached ? patience : 2 ** 31 - 1);
  try {
    const response = await fetch(request, { signal: abort.signal });
    if (!response.ok) {
      return cached ?? response;
    }
    return keep(cache, path, response);
  } catch {
    return cached ?? (path === "/" ? Response.error() : Response.redirect("/"));
  } finally {
    // The body may take its time: it comes, which is all that was asked.
    clearTimeout(timer);
  }
}

async function asset(request, path) {
  const cache = await caches.open(cacheName);
  return (await cache.match(path)) ?? keep(cache, path, await fetch(request));
}

// keep puts into the cache what is kept from when it is first asked for. Where
// that fails, for want of room, the answer is none the worse.
function keep(cache, path, response) {
  if (response.ok && later.includes(path)) {
    cache.put(path, response.clone()).catch(() => {});
  }
  return response;
}
