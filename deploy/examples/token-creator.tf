# Lets the nodes' account act as one account that pods use, and as no other of the project.
resource "google_service_account_iam_member" "nodes_act_as_app" {
  service_account_id = "projects/PROJECT/serviceAccounts/app@PROJECT.iam.gserviceaccount.com"
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = "serviceAccount:NODES@PROJECT.iam.gserviceaccount.com"
}
