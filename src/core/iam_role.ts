/** Role that lets the node's account mint tokens of another account. */
export const TOKEN_CREATOR = "roles/iam.serviceAccountTokenCreator";

/**
 * Writes the command that lets the node's account act as another account.
 *
 * It names the node's account, and so is for operators only.
 *
 * @param account E-mail of the account to act as.
 * @param nodeAccount E-mail of the node's account.
 */
export function grantCommand(account: string, nodeAccount: string): string {
  return `gcloud iam service-accounts add-iam-policy-binding ${account} ` +
    `--member=serviceAccount:${nodeAccount} --role=${TOKEN_CREATOR}`;
}
