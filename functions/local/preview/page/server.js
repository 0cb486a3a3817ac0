/** The page's side of the API, and whether anybody is there to answer. */

const GONE = 'The preview does not answer. Is “cartero preview” still running? The page goes on when it is.';

/** @param {{ onChange: () => void, onTrouble: (text: string | null) => void }} told `null` when the trouble is over */
export class Server {
  #told;
  #isGone = false;

  constructor(told) {
    this.#told = told;
    const events = new EventSource('/api/changes');
    events.addEventListener('changed', () => told.onChange());
    events.addEventListener('error', () => this.#gone());
    events.addEventListener('open', () => this.#back());
  }

  campaigns = () => this.#json('/api/campaigns');
  rows = (query) => this.#json(`/api/rows?${new URLSearchParams(query)}`);
  mail = (query) => this.#json(`/api/mail?${new URLSearchParams(query)}`);

  /** The beginning of a message as octets; the rest is not transferred. */
  async source(id, octets) {
    const answer = await this.#get(`/mail/${id}/source`);
    const reader = answer.body.getReader();
    const pieces = [];
    for (let read = 0; read < octets; ) {
      const { done, value } = await reader.read();
      if (done) break;
      pieces.push(value);
      read += value.length;
    }
    await reader.cancel();
    return new Uint8Array(await new Blob(pieces).arrayBuffer()).subarray(0, octets);
  }

  async #json(path) {
    const answer = await this.#get(path);
    return await answer.json();
  }

  /** Throws where nobody answers, or with an error; the reader has been told then. */
  async #get(path) {
    let answer;
    try {
      answer = await fetch(path);
    } catch (error) {
      this.#gone();
      throw error;
    }
    if (answer.ok) return answer;
    this.#told.onTrouble((await answer.text()).trim());
    throw new Error(`${path}: ${answer.status}`);
  }

  #gone() {
    this.#isGone = true;
    this.#told.onTrouble(GONE);
  }

  /** Whatever was saved meanwhile was told to nobody. */
  #back() {
    if (!this.#isGone) return;
    this.#isGone = false;
    this.#told.onTrouble(null);
    this.#told.onChange();
  }
}
