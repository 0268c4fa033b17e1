import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { QuicTimer } from '../../src/transport/quic-timer.js';

describe('QuicTimer', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('fires once, at the time last named', () => {
    const expired = vi.fn();
    const timer = new QuicTimer(expired);
    timer.schedule(50);
    timer.schedule(20);
    timer.schedule(100);
    vi.advanceTimersByTime(98);
    expect(expired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(3);
    expect(expired).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(1000);
    expect(expired).toHaveBeenCalledOnce();
  });

  it('does not touch the event loop when the time moves back', () => {
    const timer = new QuicTimer(() => undefined);
    timer.schedule(10);
    const set = vi.spyOn(globalThis, 'setTimeout');
    for (let index = 0; index < 1000; index += 1) timer.schedule(20);
    expect(set).not.toHaveBeenCalled();
    timer.cancel();
  });

  it('fires for -1 never, and cancels what was armed', () => {
    const expired = vi.fn();
    const timer = new QuicTimer(expired);
    timer.schedule(10);
    timer.schedule(-1);
    vi.advanceTimersByTime(1000);
    expect(expired).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('takes a delay longer than setTimeout does', () => {
    const expired = vi.fn();
    const timer = new QuicTimer(expired);
    timer.schedule(2 ** 32);
    vi.advanceTimersByTime(2 ** 32 - 10);
    expect(expired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(20);
    expect(expired).toHaveBeenCalledOnce();
  });
});
