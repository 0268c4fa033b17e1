/** Worker module whose import never ends. */
const held = setInterval(() => undefined, 1000);
await new Promise(() => held);

export function request(): void {}
