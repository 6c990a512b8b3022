/** Types of system-packages.mjs, for tests that look for a browser. */
export interface SystemPackage {
  name: string;
  suites: string;
  why: string;
}
export declare function chromiumPath(): string | undefined;
export declare function ensureSystemPackages(): SystemPackage[];
