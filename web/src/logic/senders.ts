// Senders: addresses of mail and telephone numbers.

/** Returns the domain of an address of mail, as lists of senders have it: "@example.com"; undefined for anything else. */
export function domainOf(sender: string): string | undefined {
  const at = sender.lastIndexOf("@");
  const domain = sender.slice(at + 1).trim();
  return at > 0 && domain.includes(".") ? `@${domain.toLowerCase()}` : undefined;
}

/** Domains that very many people share, so that an entry for the whole domain is hardly ever meant. */
const shared = new Set(["@gmail.com", "@googlemail.com", "@outlook.com", "@hotmail.com", "@live.com", "@yahoo.com", "@icloud.com", "@gmx.de", "@gmx.net", "@web.de", "@aol.com", "@proton.me", "@protonmail.com", "@mail.com", "@mail.ru"]);

export function isSharedDomain(domain: string): boolean {
  return shared.has(domain);
}
