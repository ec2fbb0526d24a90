export const NOT_LISTED = (id: string, leader: string) =>
  `Leader ${leader} cannot reach this member at ${id}. This member is not on the member list and gets no broadcasts. Set \`address\` to an address that the other members can dial (and \`listenHost\`, if this member binds another one). Check firewalls and NetworkPolicies.`;
