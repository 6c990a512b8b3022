/**
 * Marks that turn the direction of text: with one in it an account number reads as another. Ids
 * come from outside and may hold them. Replaced by the sign for what cannot be shown, once in the
 * raw JSON, before anything is made of it.
 */
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

export function withoutTurning(json: string): string {
  return json.replace(TURNING, '\ufffd');
}
