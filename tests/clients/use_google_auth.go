// Lists a bucket with whatever credentials the machine has, as JSON.
//
// The first argument is the storage service's URL.
package main

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"os"

	"cloud.google.com/go/compute/metadata"
	"golang.org/x/oauth2/google"
)

type listing struct {
	Items []struct {
		Name string `json:"name"`
	} `json:"items"`
}

func main() {
	ctx := context.Background()
	client, err := google.DefaultClient(ctx, "https://www.googleapis.com/auth/cloud-platform")
	must(err)
	answer, err := client.Get(os.Args[1] + "/storage/v1/b/accounts/o")
	must(err)
	body, err := io.ReadAll(answer.Body)
	must(err)
	if answer.StatusCode != 200 {
		log.Fatalf("status %d: %s", answer.StatusCode, body)
	}
	var files listing
	must(json.Unmarshal(body, &files))
	email, err := metadata.Email("default")
	must(err)
	project, err := metadata.ProjectID()
	must(err)
	zone, err := metadata.Zone()
	must(err)
	cluster, err := metadata.InstanceAttributeValue("cluster-name")
	must(err)
	_, err = metadata.InstanceAttributeValue("kube-env")
	_, isConcealed := err.(metadata.NotDefinedError)
	names := []string{}
	for _, item := range files.Items {
		names = append(names, item.Name)
	}
	must(json.NewEncoder(os.Stdout).Encode(map[string]any{
		"onGCE":       metadata.OnGCE(),
		"email":       email,
		"project":     project,
		"zone":        zone,
		"cluster":     cluster,
		"isConcealed": isConcealed,
		"files":       names,
	}))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
