/** The door of the dashboard room. */
export { createSignInLink, signInUrl } from './server/auth/sign-in-links.js';
export type { DemoPort } from './server/routes/demo.js';
export type { DeadLetterPort, RefusedMessage } from './server/routes/system.js';
export {
  type DashboardServer,
  type DashboardServerOptions,
  startDashboardServer,
} from './server/server.js';
export { WORK_TABLES } from './server/work-tables.js';
