/** An e-mail address whose owner knows it again, for who has not shown yet that they are the owner: `a•••@example.com`. */
export function maskEmail(email: string): string {
  const [first = ''] = email;
  return `${first}•••${email.slice(email.lastIndexOf('@'))}`;
}
