/** Values of `weir.v1` that the page needs, typed by the schema so that they cannot drift. */
import type {
  CloseCode as SchemaCloseCode,
  SUBPROTOCOL as SchemaName,
} from '../../../schemas/protocol.js';

export const SUBPROTOCOL: typeof SchemaName = 'weir.v1';
export const CloseCode: typeof SchemaCloseCode = {
  shutdown: 4001,
  sessionExpired: 4005,
  slow: 4008,
  insufficientState: 4010,
  noPong: 4012,
  badMessage: 4500,
  unauthorised: 4501,
  forbidden: 4503,
  tooManyConnections: 4504,
  protocolVersion: 4506,
};
/** From here on the server asks not to come back. */
export const CLOSE_FINAL_FROM = 4500;
/** Ours: a gap in a channel's sequence, or silence. Resumes from the last good cursor. */
export const CLOSE_BY_PAGE = 4900;
