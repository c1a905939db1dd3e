from service.trainer.process import main

main()
