package main

import (
	"fmt"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// state is all that decides the rules.
type state struct {
	pods       []*core.Pod
	namespaces []*core.Namespace
	policies   []*networking.NetworkPolicy
	dnsAddress string
}

// peer is an nftables match for one side of a connection, and the pod on it where it is one pod.
type peer struct {
	match string
	pod   *core.Pod
}

// render gives the whole nftables table: one chain for each isolated pod and direction, left by "return" when a rule allows.
func (s state) render() string {
	slices.SortFunc(s.policies, func(a, b *networking.NetworkPolicy) int {
		return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
	})
	s.pods = s.networkedPods()
	var chains, jumps strings.Builder
	for _, pod := range s.pods {
		for _, direction := range []networking.PolicyType{networking.PolicyTypeIngress, networking.PolicyTypeEgress} {
			rules, isolated := s.rules(pod, direction)
			if !isolated {
				continue
			}
			chain := strings.ToLower(string(direction)) + "_" + strings.ReplaceAll(pod.Status.PodIP, ".", "_")
			ownSide := map[networking.PolicyType]string{networking.PolicyTypeIngress: "daddr", networking.PolicyTypeEgress: "saddr"}[direction]
			fmt.Fprintf(&chains, "  chain %s {\n%s    drop\n  }\n", chain, rules)
			fmt.Fprintf(&jumps, "    ip %s %s jump %s\n", ownSide, pod.Status.PodIP, chain)
		}
	}
	// The node's own packets (probes) take the output hook, which NetworkPolicy must leave open.
	return "table inet topology_bench\ndelete table inet topology_bench\ntable inet topology_bench {\n" + chains.String() +
		"  chain policies {\n    ct state established,related return\n" + jumps.String() + "  }\n" +
		"  chain forward { type filter hook forward priority filter; policy accept; jump policies; }\n" +
		"  chain input { type filter hook input priority filter; policy accept; jump policies; }\n}\n"
}

func (s state) networkedPods() []*core.Pod {
	// Cluster DNS is a process of the node, so it is added as the pod that policies name by its usual labels.
	pods := []*core.Pod{{
		ObjectMeta: meta.ObjectMeta{Namespace: "kube-system", Name: "coredns", Labels: map[string]string{"k8s-app": "kube-dns"}},
		Status:     core.PodStatus{PodIP: s.dnsAddress},
	}}
	for _, pod := range s.pods {
		over := pod.Status.Phase == core.PodSucceeded || pod.Status.Phase == core.PodFailed
		if pod.Status.PodIP != "" && !pod.Spec.HostNetwork && !over {
			pods = append(pods, pod)
		}
	}
	slices.SortFunc(pods, func(a, b *core.Pod) int { return strings.Compare(a.Status.PodIP, b.Status.PodIP) })
	return pods
}

func (s state) rules(pod *core.Pod, direction networking.PolicyType) (rules string, isolated bool) {
	var text strings.Builder
	for _, policy := range s.policies {
		if policy.Namespace != pod.Namespace || !matches(&policy.Spec.PodSelector, pod.Labels) || !slices.Contains(policy.Spec.PolicyTypes, direction) {
			continue
		}
		isolated = true
		if direction == networking.PolicyTypeIngress {
			for _, rule := range policy.Spec.Ingress {
				for _, from := range s.peers(policy.Namespace, rule.From, "saddr") {
					// A named port is looked up on the pod that receives.
					from.pod = pod
					text.WriteString(from.allow(rule.Ports))
				}
			}
			continue
		}
		for _, rule := range policy.Spec.Egress {
			for _, to := range s.peers(policy.Namespace, rule.To, "daddr") {
				text.WriteString(to.allow(rule.Ports))
			}
		}
	}
	return text.String(), isolated
}

func (s state) peers(namespace string, wanted []networking.NetworkPolicyPeer, side string) []peer {
	if len(wanted) == 0 {
		return []peer{{}}
	}
	var peers []peer
	for _, want := range wanted {
		if block := want.IPBlock; block != nil {
			match := fmt.Sprintf("ip %s %s ", side, block.CIDR)
			if len(block.Except) > 0 {
				match += fmt.Sprintf("ip %s != { %s } ", side, strings.Join(block.Except, ", "))
			}
			peers = append(peers, peer{match: match})
			continue
		}
		for _, pod := range s.pods {
			if s.selects(want, namespace, pod) {
				peers = append(peers, peer{match: fmt.Sprintf("ip %s %s ", side, pod.Status.PodIP), pod: pod})
			}
		}
	}
	return peers
}

func (s state) selects(want networking.NetworkPolicyPeer, namespace string, pod *core.Pod) bool {
	if want.PodSelector != nil && !matches(want.PodSelector, pod.Labels) {
		return false
	}
	if want.NamespaceSelector == nil {
		return pod.Namespace == namespace
	}
	i := slices.IndexFunc(s.namespaces, func(n *core.Namespace) bool { return n.Name == pod.Namespace })
	return i >= 0 && matches(want.NamespaceSelector, s.namespaces[i].Labels)
}

func (p peer) allow(ports []networking.NetworkPolicyPort) string {
	if len(ports) == 0 {
		return "    " + p.match + "return\n"
	}
	var text strings.Builder
	for _, port := range ports {
		if match := p.portMatch(port); match != "" {
			fmt.Fprintf(&text, "    %s%s return\n", p.match, match)
		}
	}
	return text.String()
}

// portMatch is empty for a named port that the receiving pod does not have, because it then allows nothing.
func (p peer) portMatch(port networking.NetworkPolicyPort) string {
	protocol := core.ProtocolTCP
	if port.Protocol != nil {
		protocol = *port.Protocol
	}
	name := strings.ToLower(string(protocol))
	switch {
	case port.Port == nil:
		return "meta l4proto " + name
	case port.Port.Type == intstr.String:
		number := namedPort(p.pod, port.Port.StrVal, protocol)
		if number == 0 {
			return ""
		}
		return fmt.Sprintf("%s dport %d", name, number)
	case port.EndPort != nil:
		return fmt.Sprintf("%s dport %d-%d", name, port.Port.IntVal, *port.EndPort)
	default:
		return fmt.Sprintf("%s dport %d", name, port.Port.IntVal)
	}
}

func namedPort(pod *core.Pod, name string, protocol core.Protocol) int32 {
	if pod == nil {
		return 0
	}
	// Restartable init containers (sidecars) have ports too.
	for _, container := range slices.Concat(pod.Spec.Containers, pod.Spec.InitContainers) {
		for _, port := range container.Ports {
			if port.Name == name && (port.Protocol == protocol || port.Protocol == "" && protocol == core.ProtocolTCP) {
				return port.ContainerPort
			}
		}
	}
	return 0
}

func matches(selector *meta.LabelSelector, of map[string]string) bool {
	parsed, err := meta.LabelSelectorAsSelector(selector)
	return err == nil && parsed.Matches(labels.Set(of))
}
