// Trains an input shortcut for a moment, merges it in every way there is and measures what each costs.
// Run it from the repository's root: dotnet run -c Release --project samples/csharp/MergeAndMeasure
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Text.Data;
using ResLora.Training;
using ResLora.Training.FineTuning;
using ResLora.Training.Loop;
using ResLora.Training.Merging;
using ResLora.Training.Objectives;

var samples = Enumerable.Range(2, 90)
    .Select(n => new Sample($"Tom has {n} cakes and eats one. How many are left?", $" {n} - 1 = {n - 1}.")).ToArray();
using var session = ModelSession.Load("samples/word-problems/base");
session.Attach(new AdapterConfig { Rank = 8, Shortcut = new ShortcutConfig { Kind = ShortcutKind.Input } });
new FineTune(session, samples, "runs/merge-and-measure") { Training = new TrainConfig { Steps = 30, LearningRate = 2e-3 } }.Run();

// docs: begin
var objective = new NextTokenObjective(session.Causal, SampleEncoding.PadId(session.Tokenizer));
var texts = SampleEncoding.For(session.Tokenizer, session.ModelFolder, maxLength: 128).TokenizeAll(samples.Take(64)).Examples;
foreach (var method in MergeMethods.For(session.Adapter!))
{
    using var merged = Merger.Merge(session.Adapter!, new MergeSettings(method), CalibrationTexts.Batches(objective, texts));
    var loss = MergeMeasurement.Measure(session, objective, [merged], texts)[0].Loss;
    Console.WriteLine($"{method,-12}  loss {loss.LossUnmerged:0.0000} becomes {loss.LossMerged:0.0000}, divergence {loss.MeanKl:0.0e0}");
}

// docs: end
