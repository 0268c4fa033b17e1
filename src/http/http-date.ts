/** The Date field (RFC 9110 6.6.1): made once a second, however many responses carry it. */
let second = 0;
let text = '';

export function httpDate(): string {
  const now = Date.now();
  if (now - second >= 1000 || now < second) {
    second = now - (now % 1000);
    text = new Date(second).toUTCString();
  }
  return text;
}
