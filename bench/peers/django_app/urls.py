from django.urls import path

from bench.peers.django_app.views import webhook

urlpatterns = [path("webhook/getmipay/", webhook)]
