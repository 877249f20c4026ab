// The folder with the lock file is the root; Next.js would look for one farther up.
export default { turbopack: { root: import.meta.dirname } };
