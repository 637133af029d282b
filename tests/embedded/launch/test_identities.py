"""Who needs a certificate."""

from kubelearn.embedded import localpath
from kubelearn.embedded.addresses import Block
from kubelearn.embedded.launch.identities import LOCAL_PATH, of_cluster


def test_the_provisioners_certificate_is_for_the_user_who_has_its_roles():
    [found] = [each for each in of_cluster(["node"], Block(1)) if each.file == LOCAL_PATH]
    assert found.user == localpath.manifests.USER
