// A whole job as the command line does it, with its settings in C#: data from a file, a task, a run's folder with its settings.
// Run it from the repository's root: dotnet run -c Release --project samples/csharp/RunSettings
// docs: begin
using ResLora.Adapters;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Training.Loop;

var report = TrainJob.Run(new RunConfig
{
    Model = "samples/word-problems/base",
    Task = "word-problems",
    Data = new DataConfig { Train = "samples/word-problems/data/train.jsonl", ValidationCount = 50 },
    Adapter = new AdapterConfig { Rank = 8, Shortcut = new ShortcutConfig { Kind = ShortcutKind.Input } },
    Training = new TrainConfig { Steps = 40, LearningRate = 2e-3 },
    Output = "runs/run-settings",
});
Console.WriteLine($"{report.Result.Steps} steps, {report.TrainableParameters} parameters trained; see {report.RunFolder}");

// docs: end
