package main

import (
	"context"
	"flag"
	"log"
	"os/exec"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
)

// policies enforces NetworkPolicy on this node: each change is rendered into one nftables table, swapped in as one transaction.
func policies(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("policies", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "")
	dnsAddress := flags.String("dns-address", "", "address that policies see as the kube-dns pod")
	if err := flags.Parse(args); err != nil {
		return err
	}
	api, err := client(*kubeconfig)
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(api, 0)
	pods, namespaces, networkPolicies := factory.Core().V1().Pods(), factory.Core().V1().Namespaces(), factory.Networking().V1().NetworkPolicies()
	changed := make(chan struct{}, 1)
	notify := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	handler := cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { notify() }, UpdateFunc: func(any, any) { notify() }, DeleteFunc: func(any) { notify() },
	}
	for _, informer := range []cache.SharedIndexInformer{pods.Informer(), namespaces.Informer(), networkPolicies.Informer()} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			return err
		}
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())

	notify()
	applied := ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
		// A short wait gathers the burst of changes that one deployment makes.
		time.Sleep(20 * time.Millisecond)
		state := state{dnsAddress: *dnsAddress}
		if state.pods, err = pods.Lister().List(labels.Everything()); err != nil {
			return err
		}
		if state.namespaces, err = namespaces.Lister().List(labels.Everything()); err != nil {
			return err
		}
		if state.policies, err = networkPolicies.Lister().List(labels.Everything()); err != nil {
			return err
		}
		table := state.render()
		if table == applied {
			continue
		}
		nft := exec.CommandContext(ctx, "nft", "-f", "-")
		nft.Stdin = strings.NewReader(table)
		if output, err := nft.CombinedOutput(); err != nil {
			log.Printf("nft: %v: %s\n%s", err, output, table)
			time.Sleep(time.Second)
			notify()
			continue
		}
		applied = table
	}
}
