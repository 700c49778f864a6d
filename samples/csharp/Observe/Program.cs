// Shows what a run does in a logger, stops it with Ctrl-C, and goes on with it the next time.
// Run it from the repository's root: dotnet run -c Release --project samples/csharp/Observe
using Microsoft.Extensions.Logging;
using ResLora.Adapters;
using ResLora.Text.Data;
using ResLora.Training;
using ResLora.Training.FineTuning;
using ResLora.Training.Loop;

var samples = Enumerable.Range(2, 90)
    .Select(n => new Sample($"Tom has {n} cakes and eats one. How many are left?", $" {n} - 1 = {n - 1}.")).ToArray();
using var session = ModelSession.Load("samples/word-problems/base");
session.Attach(new AdapterConfig { Rank = 8 });

// docs: begin
using var factory = LoggerFactory.Create(logging => logging.AddSimpleConsole().SetMinimumLevel(LogLevel.Debug));
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, press) =>
{
    press.Cancel = true;
    stop.Cancel();   // the run ends after the step in hand, with a checkpoint
};

var result = new FineTune(session, samples[..80], "runs/observe")
{
    Validation = samples[80..],
    Training = new TrainConfig { Steps = 40, EvaluateEvery = 20, CheckpointEvery = 10, LearningRate = 2e-3 },
}.Run(
    new RunEventLogger(factory.CreateLogger("training")),
    resume: Directory.Exists("runs/observe"),
    stop.Token);

// docs: end
Console.WriteLine(result.Interrupted ? "Stopped; start it again to go on." : $"Best {result.BestMetric:0.0000} at step {result.BestStep}.");
