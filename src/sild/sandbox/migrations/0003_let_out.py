from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sandbox", "0002_agreements")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="let_out",
            field=models.BooleanField(default=False, verbose_name="may reach what it asks for"),
        )
    ]
