"""The portal: what everybody and each dwelling may see, served from portal.db. `server.make_portal` is the door."""
