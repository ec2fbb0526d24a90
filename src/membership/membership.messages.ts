export const NOT_LISTED = (id: string, leader: string) =>
  `Leader ${leader} cannot reach this member at ${id}, so it is not on the member list and gets no broadcasts. Set \`address\` to what the others can dial (and \`listenHost\` where that differs), and look whether a firewall or NetworkPolicy is in the way.`;
