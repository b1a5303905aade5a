# Lets the nodes' account act as each account that pods use, and as no other of the project.
locals {
  accounts = toset(["app", "nightly", "shop-cart"])
}

resource "google_service_account_iam_member" "nodes_act_as" {
  for_each           = local.accounts
  service_account_id = "projects/my-project/serviceAccounts/${each.key}@my-project.iam.gserviceaccount.com"
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = "serviceAccount:nodes@my-project.iam.gserviceaccount.com"
}
