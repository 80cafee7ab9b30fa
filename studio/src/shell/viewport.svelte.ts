// Whether the window is wide enough for everything in the header. Follows rotation and resize.

const query = matchMedia("(min-width: 48rem)");

let isWide = $state(query.matches);
query.addEventListener("change", () => (isWide = query.matches));

export const wide = (): boolean => isWide;
