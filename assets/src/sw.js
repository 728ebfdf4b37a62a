// Kept: hashed files under /assets/ and the page "no connection". Everything else always comes from the network.
const KEPT = "nb-1";
const OFFLINE = "/ngoai-tuyen";
self.addEventListener("install", (event) => {
  // A province that has no such page still gets the worker.
  event.waitUntil(caches.open(KEPT).then((kept) => kept.add(OFFLINE)).catch(() => undefined).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((name) => name !== KEPT).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(async () => (await caches.match(OFFLINE)) ?? Response.error()));
  } else if (url.pathname.startsWith("/assets/")) {
    event.respondWith(
      caches.match(request).then((hit) => hit ?? fetch(request).then((answer) => {
        if (answer.ok) {
          const copy = answer.clone();
          event.waitUntil(caches.open(KEPT).then((kept) => kept.put(request, copy)));
        }
        return answer;
      })),
    );
  }
});
