from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sandbox", "0004_rerun_watch")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="level",
            field=models.CharField(blank=True, default="", max_length=2, verbose_name="level of isolation"),
        )
    ]
