"""Portal: the pages people work in. They call the services with the visitor's own token."""
