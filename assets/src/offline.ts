// The service worker keeps styles, scripts and one page that says the line is gone. No personal page is ever kept.
export function registerWorker(): void {
  if ("serviceWorker" in navigator && window.isSecureContext) {
    window.addEventListener("load", () => navigator.serviceWorker.register("/sw.js").catch(() => undefined));
  }
}
