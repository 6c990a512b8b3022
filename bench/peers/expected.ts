/**
 * What every program finds in the stream: alerts of the five rules, and the SHA-256 of all. From
 * the peers' README; Flink, plain Java and a brute force agree on them.
 */
interface Expected {
  counts: readonly number[];
  sha256: string;
}

/** By variant and number of transactions. */
export const EXPECTED: Record<string, Record<number, Expected>> = {
  zipf1000000: {
    1000000: {
      counts: [35, 100, 587_177, 14, 121],
      sha256: 'f780bb08086fa19802d1f36886b5d15e4b0fd8371834ef1b6d8bb7b9f4c1c862',
    },
    5000000: {
      counts: [277, 814, 3_439_404, 656, 1_077],
      sha256: '274bd9fc18a45fedf9f8becdc90dc0a4057a0bf3eb057277cc7a7b84ac5ddeeb',
    },
  },
  uni100000: {
    1000000: {
      counts: [0, 0, 22_783, 1_339, 420],
      sha256: '56f98ae6f78af0ce2f5a1878a2c61bde74a55b7162c8e90f5792ceddcc347e0c',
    },
    5000000: {
      counts: [1, 1, 1_439_814, 258_843, 3_983],
      sha256: '02febb142f8974fe1e8b6ee62e71bd232e93e99b8e25e4c01c647866e28742a8',
    },
  },
};
