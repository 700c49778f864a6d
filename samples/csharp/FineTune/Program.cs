// Fine-tunes a model on samples of your own with ResLoRA, merges the shortcuts away and saves an adapter that PEFT reads.
// Run it from the repository's root: dotnet run -c Release --project samples/csharp/FineTune
// docs: begin
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Text.Data;
using ResLora.Training;
using ResLora.Training.FineTuning;
using ResLora.Training.Loop;

var samples = Enumerable.Range(2, 90)
    .Select(n => new Sample($"Tom has {n} cakes and eats one. How many are left?", $" {n} - 1 = {n - 1}."));

using var session = ModelSession.Load("samples/word-problems/base");
session.Attach(new AdapterConfig { Rank = 8, Shortcut = new ShortcutConfig { Kind = ShortcutKind.Block, PreviousCount = 2 } });
var tuning = new FineTune(session, samples, "runs/fine-tune")
{
    Training = new TrainConfig { Steps = 60, LearningRate = 2e-3 },
};
var result = tuning.Run(new Progress<RunEvent>(
    happened => Console.WriteLine(happened is StepDone step ? $"step {step.Step}: {step.Loss:0.000}" : happened)));

using var merged = Merger.Merge(session.Adapter!, MergeMethod.Exact);   // the input shortcut takes LeastSquares, with texts
AdapterStore.SavePeft(merged, "runs/fine-tune/lora", session.ModelFolder);
Console.WriteLine($"{result.Steps} steps, last loss {result.LastLoss:0.000}; the adapter is in runs/fine-tune/lora");
// docs: end
