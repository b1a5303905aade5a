#!/bin/sh
# Lets the nodes' account act as each account that pods use, and as no other of the project.
set -eu
for account in app nightly shop-cart; do
  gcloud iam service-accounts add-iam-policy-binding \
    "$account@my-project.iam.gserviceaccount.com" \
    --member=serviceAccount:nodes@my-project.iam.gserviceaccount.com \
    --role=roles/iam.serviceAccountTokenCreator
done
