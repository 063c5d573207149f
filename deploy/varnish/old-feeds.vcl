# The newsroom's own site, behind Varnish: its old feed addresses are answered by this service, everything else by the CMS.
#
# Install as /etc/varnish/old-feeds.vcl, and write  include "old-feeds.vcl";  into the site's own VCL, after the line
# "vcl 4.1;": subroutines of the same name run one after the other. Change the machine, and keep only the lines of your
# CMS. An address that is not in the table (docs/takeover.md) gets the CMS's own answer, as before. Feeds are passed, not
# cached: the service answers from memory, and a withdrawn story must not stay.
vcl 4.1;

backend syndication_old_feeds {
    .host = "web1.daily.example";
    .port = "8000";
    .connect_timeout = 1s;
    .first_byte_timeout = 2s;
}

sub vcl_recv {
    if (req.restarts == 0) {
        unset req.http.X-Old-Feed;
        if (
            # WordPress
            req.url ~ "^/((category|tag|author)/[^?]+/)?(feed|rss2?|rdf|atom)(/(feed|rss2?|rdf|atom|json))?/*(\?|$)" ||
            req.url ~ "^/wp-(feed|rss2?|rdf|atom)\.php(\?|$)" ||
            req.url ~ "^/(index\.php|(category|tag|author)/[^?]+)?\?(.*&)?feed=." ||
            # Ghost
            req.url ~ "^/((tag|author)/[^/?]+/)?(rss|feed)/*(\?|$)" ||
            # Hugo
            req.url ~ "^/([^?]+/)?index\.xml(\?|$)" ||
            # Drupal
            req.url ~ "^/rss\.xml(\?|$)" ||
            req.url ~ "^/taxonomy/term/[0-9]+/(all/|0/)?feed(\?|$)") {
            set req.http.X-Old-Feed = "yes";
        }
    }
    if (req.http.X-Old-Feed == "yes") {
        set req.backend_hint = syndication_old_feeds;
        return (pass);
    }
}

sub vcl_deliver {
    # What is not in the table of old addresses is the CMS's, such as /comments/feed/.
    if (req.http.X-Old-Feed == "yes" && resp.status == 404) {
        set req.http.X-Old-Feed = "no";
        return (restart);
    }
}
