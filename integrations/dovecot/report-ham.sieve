# A message was moved or copied out of Junk.
require ["vnd.dovecot.pipe", "copy", "imapsieve", "environment", "variables"];

if environment :matches "imap.mailbox" "*" {
  set "mailbox" "${1}";
}
# Deleting spam does not make it ham, nor does moving it among the folders of junk.
if anyof (string :is "${mailbox}" ["Trash", "Deleted Items", "Deleted Messages", "Junk"],
          string :matches "${mailbox}" ["Trash/*", "Trash.*", "Junk/*", "Junk.*"]) {
  stop;
}
if environment :matches "imap.user" "*" {
  set "user" "${1}";
}
pipe :copy "winnow-learn" ["ham", "${user}"];
