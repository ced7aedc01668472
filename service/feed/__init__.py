"""What other systems follow: changes, hints, webhooks."""
