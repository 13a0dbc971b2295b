"""Forms in Designsystemet's markup: label, description, input and message belong together for a screen reader too."""

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """Django's own widgets, our own fields; the class of the inputs comes from `django/forms/widgets/attrs.html`."""

    form_template_name = "node/form.html"
    field_template_name = "node/field.html"
