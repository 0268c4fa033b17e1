/** Worker module whose preparation fails. */
export async function init(): Promise<void> {
  await Promise.reject(new Error('no database'));
}

export function request(): void {}
