import { expect, it } from 'vitest';
import type { HttpTransaction } from '../../src/http/http-transaction.js';
import { WaitingRequests } from '../../src/http/waiting-requests.js';
import { makeRequest } from './support/pools.js';

const OWN = { own: true, last: false };

function transaction(path: string, method = 'GET'): HttpTransaction {
  return makeRequest('https://a.test', path, { headers: { ':method': method } }).transaction;
}

function paths(transactions: readonly HttpTransaction[]): string[] {
  return transactions.map(({ requestHead }) => requestHead.path);
}

function takeAllInTurn(waiting: WaitingRequests, own: boolean): string[] {
  const taken: HttpTransaction[] = [];
  for (let next = waiting.take(own); next !== undefined; next = waiting.take(own)) taken.push(next);
  return paths(taken);
}

it('gives requests in order: those that come back before new ones, and those for own connections to these only', () => {
  const waiting = new WaitingRequests();
  for (const path of ['/1', '/2', '/3']) waiting.push(transaction(path), false);
  for (const path of ['/again/1', '/again/2']) waiting.push(transaction(path), true);
  const own = transaction('/own');
  own.placement = OWN;
  waiting.push(own, true);
  expect([waiting.size, waiting.ownSize]).toEqual([6, 1]);
  expect(takeAllInTurn(waiting, false)).toEqual(['/again/1', '/again/2', '/1', '/2', '/3']);
  expect([waiting.size, waiting.ownSize]).toEqual([1, 1]);
  expect(takeAllInTurn(waiting, true)).toEqual(['/own']);
  expect([waiting.size, waiting.ownSize]).toEqual([0, 0]);
});

it('gives only safe requests to 0-RTT, and the others later in their order', () => {
  const waiting = new WaitingRequests();
  for (const [path, method] of [
    ['/1', 'POST'],
    ['/2', 'GET'],
    ['/3', 'PUT'],
    ['/4', 'HEAD'],
    ['/5', 'GET'],
  ])
    waiting.push(transaction(path ?? '', method), false);
  expect(paths(waiting.takeEarly(2))).toEqual(['/2', '/4']);
  expect(waiting.size).toBe(3);
  expect(takeAllInTurn(waiting, true)).toEqual(['/1', '/3', '/5']);
});

it('counts right whatever is settled in between', () => {
  const waiting = new WaitingRequests();
  const live: string[] = [];
  for (let index = 0; index < 1000; index += 1) {
    const request = transaction(`/${index}`);
    waiting.push(request, false);
    if (index % 10 === 0) live.push(`/${index}`);
    else {
      request.withdraw();
      waiting.settled(request);
    }
  }
  expect(waiting.size).toBe(live.length);
  expect(paths(waiting.takeEarly(3))).toEqual(live.slice(0, 3));
  expect(takeAllInTurn(waiting, true)).toEqual(live.slice(3));
  expect(waiting.size).toBe(0);
  expect(waiting.takeAll()).toEqual([]);
});

it('takes all, or only those for own connections', () => {
  const waiting = new WaitingRequests();
  const own = transaction('/own');
  own.placement = OWN;
  waiting.push(transaction('/1'), false);
  waiting.push(own, false);
  expect(paths(waiting.takeAll('own'))).toEqual(['/own']);
  expect(paths(waiting.takeAll())).toEqual(['/1']);
  expect([waiting.size, waiting.ownSize]).toEqual([0, 0]);
});
