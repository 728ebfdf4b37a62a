export const walks = [];
