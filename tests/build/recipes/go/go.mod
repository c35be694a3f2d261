module example.org/serve

go 1.19
