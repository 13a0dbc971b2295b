"""The properties of each STIX 2.1 type, sections 3 to 7, as a table, and the checks that it stands for.

`name!` is required. A type in brackets is a list. `@a|b` refers to those types, `^a|b` to any but those, `@` to any,
`~a` to that type or with a warning to another;
`#name` is an object embedded in another, `%name` a vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING, Any

from sild.threats.engine import checks, formats
from sild.threats.engine.flaws import Flaw

if TYPE_CHECKING:
    from sild.threats.engine.flaws import Check, Flaws

_SCALARS: dict[str, Check] = {
    "s": checks.string,
    "b": checks.boolean,
    "t": checks.timestamp,
    "f": checks.number,
    "i": checks.integer(),
    "n": checks.integer(0),
    "port": checks.integer(0, 65535),
    "count": checks.integer(0, 999_999_999),
    "number_observed": checks.integer(1, 999_999_999),
    "percent": checks.integer(0, 100),
    "latitude": checks.floating(-90, 90),
    "longitude": checks.floating(-180, 180),
    "hex": checks.hexadecimal,
    "bin": checks.binary,
    "d": checks.dictionary,
    "hashes": checks.hashes,
    "lang": checks.language,
    "verb": checks.relationship_type,
    "any": checks.anything,
    "uri": formats.uri,
    "mailbox": formats.mailbox,
    "ipv4": formats.network(IPv4Network),
    "ipv6": formats.network(IPv6Network),
    "cpe": formats.cpe,
    "registry": formats.registry_key,
    "2.1": checks.exactly("2.1"),
}

_COMMON = """spec_version!:2.1 type!:s id!:s created!:t modified!:t created_by_ref:~identity revoked:b labels:[s]
 confidence:percent lang:lang external_references:[#external-reference] object_marking_refs:[@marking-definition]
 granular_markings:[#granular-marking] extensions:d"""
_OBSERVABLE = """type!:s id!:s spec_version:2.1 object_marking_refs:[@marking-definition]
 granular_markings:[#granular-marking] defanged:b extensions:d"""
_META = """type!:s id!:s spec_version!:2.1 created!:t created_by_ref:~identity
 external_references:[#external-reference] object_marking_refs:[@marking-definition]
 granular_markings:[#granular-marking] extensions:d"""

_EMBEDDED = {
    "external-reference": "source_name!:s description:s url:uri hashes:hashes external_id:s",
    "kill-chain-phase": "kill_chain_name!:s phase_name!:s",
    "granular-marking": "selectors!:[s] marking_ref:@marking-definition lang:lang",
    "mime-part": "body:s body_raw_ref:@artifact|file content_type:s content_disposition:s",
    "registry-value": "name:s data:s data_type:%windows-registry-datatype-enum",
    "x509-v3": """basic_constraints:s name_constraints:s policy_constraints:s key_usage:s extended_key_usage:s
 subject_key_identifier:s authority_key_identifier:s subject_alternative_name:s issuer_alternative_name:s
 subject_directory_attributes:s crl_distribution_points:s inhibit_any_policy:s private_key_usage_period_not_before:t
 private_key_usage_period_not_after:t certificate_policies:s policy_mappings:s""",
    "data-stream": "name!:s hashes:hashes size:n",
    "pe-section": "name!:s size:n entropy:f hashes:hashes",
    "pe-optional": "hashes:hashes",
}

_DOMAIN = {
    "attack-pattern": "name!:s description:s aliases:[s] kill_chain_phases:[#kill-chain-phase]",
    "campaign": "name!:s description:s aliases:[s] first_seen:t last_seen:t objective:s",
    "course-of-action": "name!:s description:s",
    "grouping": "name:s description:s context!:%grouping-context-ov object_refs!:[@]",
    "identity": """name!:s description:s roles:[s] identity_class:%identity-class-ov sectors:[%industry-sector-ov]
 contact_information:s""",
    "incident": "name!:s description:s",
    "indicator": """name:s description:s indicator_types:[%indicator-type-ov] pattern!:s pattern_type!:%pattern-type-ov
 pattern_version:s valid_from!:t valid_until:t kill_chain_phases:[#kill-chain-phase]""",
    "infrastructure": """name!:s description:s infrastructure_types:[%infrastructure-type-ov] aliases:[s]
 kill_chain_phases:[#kill-chain-phase] first_seen:t last_seen:t""",
    "intrusion-set": """name!:s description:s aliases:[s] first_seen:t last_seen:t goals:[s]
 resource_level:%attack-resource-level-ov primary_motivation:%attack-motivation-ov
 secondary_motivations:[%attack-motivation-ov]""",
    "location": """name:s description:s latitude:latitude longitude:longitude precision:f region:%region-ov country:s
 administrative_area:s city:s street_address:s postal_code:s""",
    "malware": """name:s description:s malware_types:[%malware-type-ov] is_family!:b aliases:[s]
 kill_chain_phases:[#kill-chain-phase] first_seen:t last_seen:t operating_system_refs:[@software]
 architecture_execution_envs:[%processor-architecture-ov] implementation_languages:[%implementation-language-ov]
 capabilities:[%malware-capabilities-ov] sample_refs:[@artifact|file]""",
    "malware-analysis": """product!:s version:s host_vm_ref:@software operating_system_ref:@software
 installed_software_refs:[@software] configuration_version:s modules:[s] analysis_engine_version:s
 analysis_definition_version:s submitted:t analysis_started:t analysis_ended:t result_name:s
 result:%malware-result-ov analysis_sco_refs:[@] sample_ref:@artifact|file|network-traffic""",
    "note": "abstract:s content!:s authors:[s] object_refs!:[@]",
    "observed-data": """first_observed!:t last_observed!:t number_observed!:number_observed objects:d
 object_refs:[^attack-pattern|campaign|course-of-action|identity|indicator|infrastructure|intrusion-set|malware|report|tool]""",
    "opinion": "explanation:s authors:[s] opinion!:%opinion-enum object_refs!:[@]",
    "report": "name!:s description:s report_types:[%report-type-ov] published!:t object_refs!:[@]",
    "threat-actor": """name!:s description:s threat_actor_types:[%threat-actor-type-ov] aliases:[s] first_seen:t
 last_seen:t roles:[%threat-actor-role-ov] goals:[s] sophistication:%threat-actor-sophistication-ov
 resource_level:%attack-resource-level-ov primary_motivation:%attack-motivation-ov
 secondary_motivations:[%attack-motivation-ov] personal_motivations:[%attack-motivation-ov]""",
    "tool": """name!:s description:s tool_types:[%tool-type-ov] aliases:[s] kill_chain_phases:[#kill-chain-phase]
 tool_version:s""",
    "vulnerability": "name!:s description:s",
    "relationship": """relationship_type!:verb description:s start_time:t stop_time:t
 source_ref!:^bundle|language-content|marking-definition|relationship|sighting
 target_ref!:^bundle|language-content|marking-definition|relationship|sighting""",
    "sighting": """description:s first_seen:t last_seen:t count:count
 sighting_of_ref!:^bundle|language-content|marking-definition|relationship|sighting
 observed_data_refs:[@observed-data] where_sighted_refs:[@identity|location] summary:b""",
    "language-content": "object_ref!:@ object_modified:t contents!:any",
    "extension-definition": """name!:s description:s schema!:s version!:s extension_types!:[%extension-type-enum]
 extension_properties:[s]""",
}

_OBSERVABLES = {
    "artifact": """mime_type:s payload_bin:bin url:uri hashes:hashes encryption_algorithm:%encryption-algorithm-enum
 decryption_key:s""",
    "autonomous-system": "number!:n name:s rir:s",
    "directory": "path!:s path_enc:s ctime:t mtime:t atime:t contains_refs:[@file|directory]",
    "domain-name": "value!:s resolves_to_refs:[@ipv4-addr|ipv6-addr|domain-name]",
    "email-addr": "value!:mailbox display_name:s belongs_to_ref:@user-account",
    "email-message": """is_multipart!:b date:t content_type:s from_ref:@email-addr sender_ref:@email-addr
 to_refs:[@email-addr] cc_refs:[@email-addr] bcc_refs:[@email-addr] message_id:s subject:s received_lines:[s]
 additional_header_fields:d body:s body_multipart:[#mime-part] raw_email_ref:@artifact""",
    "file": """hashes:hashes size:n name:s name_enc:s magic_number_hex:hex mime_type:s ctime:t mtime:t atime:t
 parent_directory_ref:@directory contains_refs:[@] content_ref:@artifact""",
    "ipv4-addr": "value!:ipv4 resolves_to_refs:[@mac-addr] belongs_to_refs:[@autonomous-system]",
    "ipv6-addr": "value!:ipv6 resolves_to_refs:[@mac-addr] belongs_to_refs:[@autonomous-system]",
    "mac-addr": "value!:s",
    "mutex": "name!:s",
    "network-traffic": """start:t end:t is_active:b src_ref:@ipv4-addr|ipv6-addr|mac-addr|domain-name
 dst_ref:@ipv4-addr|ipv6-addr|mac-addr|domain-name src_port:port dst_port:port protocols!:[s] src_byte_count:n
 dst_byte_count:n src_packets:n dst_packets:n ipfix:d src_payload_ref:@artifact dst_payload_ref:@artifact
 encapsulates_refs:[@network-traffic] encapsulated_by_ref:@network-traffic""",
    "process": """is_hidden:b pid:i created_time:t cwd:s command_line:s environment_variables:d
 opened_connection_refs:[@network-traffic] creator_user_ref:@user-account image_ref:@file parent_ref:@process
 child_refs:[@process]""",
    "software": "name!:s cpe:cpe swid:s languages:[s] vendor:s version:s",
    "url": "value!:uri",
    "user-account": """user_id:s credential:s account_login:s account_type:%account-type-ov display_name:s
 is_service_account:b is_privileged:b can_escalate_privs:b is_disabled:b account_created:t account_expires:t
 credential_last_changed:t account_first_login:t account_last_login:t""",
    "windows-registry-key": """key:registry values:[#registry-value] modified_time:t creator_user_ref:@user-account
 number_of_subkeys:n""",
    "x509-certificate": """is_self_signed:b hashes:hashes version:s serial_number:s signature_algorithm:s issuer:s
 validity_not_before:t validity_not_after:t subject:s subject_public_key_algorithm:s
 subject_public_key_modulus:s subject_public_key_exponent:i x509_v3_extensions:#x509-v3""",
}

_EXTENSIONS = {
    "archive-ext": "contains_refs!:[@file|directory] comment:s",
    "ntfs-ext": "sid:s alternate_data_streams:[#data-stream]",
    "pdf-ext": "version:s is_optimized:b document_info_dict:d pdfid0:s pdfid1:s",
    "raster-image-ext": "image_height:i image_width:i bits_per_pixel:i exif_tags:d",
    "windows-pebinary-ext": """pe_type!:%windows-pebinary-type-ov imphash:s machine_hex:hex number_of_sections:n
 time_date_stamp:t pointer_to_symbol_table_hex:hex number_of_symbols:n size_of_optional_header:n
 characteristics_hex:hex file_header_hashes:hashes optional_header:#pe-optional sections:[#pe-section]""",
    "http-request-ext": """request_method!:s request_value!:s request_version:s request_header:d message_body_length:i
 message_body_data_ref:@artifact""",
    "icmp-ext": "icmp_type_hex!:hex icmp_code_hex!:hex",
    "socket-ext": """address_family!:%network-socket-address-family-enum is_blocking:b is_listening:b options:d
 socket_type:%network-socket-type-enum socket_descriptor:n socket_handle:i""",
    "tcp-ext": "src_flags_hex:hex dst_flags_hex:hex",
    "windows-process-ext": """aslr_enabled:b dep_enabled:b priority:s owner_sid:s window_title:s startup_info:d
 integrity_level:%windows-integrity-level-enum""",
    "windows-service-ext": """service_name:s descriptions:[s] display_name:s group_name:s
 start_type:%windows-service-start-type-enum service_dll_refs:[@file]
 service_type:%windows-service-type-enum service_status:%windows-service-status-enum""",
    "unix-account-ext": "gid:i groups:[s] home_dir:s shell:s",
}
_MARKING = "name:s definition_type:s definition:any"


@dataclass(frozen=True, slots=True)
class Form:
    """What an object of one type has to look like."""

    required: tuple[str, ...]
    checks: dict[str, Check]

    def __call__(self, value: Any) -> Flaws:
        """Check an embedded object."""
        if not isinstance(value, dict):
            return [Flaw("", "is no object")]
        found = [Flaw(name, "is missing") for name in self.required if name not in value]
        for name, one in value.items():
            check = self.checks.get(name)
            flaws = check(one) if check is not None else None
            if flaws:
                found += [flaw.under(name) for flaw in flaws]
        return found or None


_embedded: dict[str, Form] = {}


def _check_of(kind: str) -> Check:
    """The check that a type in the table stands for."""
    if kind.startswith("["):
        return checks.listed(_check_of(kind[1:-1]))
    if kind[0] in "@^~":
        types = frozenset(kind[1:].split("|")) - {""}
        return checks.reference(types, forbidden=kind[0] == "^", is_error=kind[0] != "~")
    if kind.startswith("%"):
        return checks.vocabulary(kind[1:])
    return _embedded[kind[1:]] if kind.startswith("#") else _SCALARS[kind]


def _form(*tables: str) -> Form:
    """The form that lines of the table stand for."""
    entries = [entry.partition(":")[::2] for table in tables for entry in table.split()]
    required = tuple(name[:-1] for name, _kind in entries if name.endswith("!"))
    return Form(required, {name.rstrip("!"): _check_of(kind) for name, kind in entries})


for _name, _table in _EMBEDDED.items():
    _embedded[_name] = _form(_table)
OBSERVABLES = frozenset(_OBSERVABLES)
FORMS = {
    **{name: _form(_COMMON, table) for name, table in _DOMAIN.items()},
    **{name: _form(_OBSERVABLE, table) for name, table in _OBSERVABLES.items()},
    "marking-definition": _form(_META, _MARKING),
}
EXTENSIONS = {name: _form(table) for name, table in _EXTENSIONS.items()}
# Types that nobody here knows: the properties that the specification gives to all.
CUSTOM_DOMAIN = _form(_COMMON)
CUSTOM_OBSERVABLE = _form(_OBSERVABLE)
