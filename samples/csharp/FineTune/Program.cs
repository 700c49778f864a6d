// Fine-tunes the sample model with ResLoRA, merges the shortcuts away and saves the result twice: as a PEFT adapter and as
// a whole model. Run it from the repository's root: dotnet run -c Release --project samples/csharp/FineTune
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Models;
using ResLora.Training;
using ResLora.Training.Loop;

// README: begin
using var session = ModelSession.Load("samples/word-problems/base");
var report = TrainJob.Run(new RunConfig
{
    Model = session.ModelFolder,
    Task = "word-problems",
    Data = new DataConfig { Train = "samples/word-problems/data/train.jsonl" },
    Adapter = new AdapterConfig { Rank = 8, Shortcut = new ShortcutConfig { Kind = ShortcutKind.Block, PreviousCount = 2 } },
    Training = new TrainConfig { Steps = 100 },
    Output = "runs/fine-tune",
}, session);
using var merged = Merger.Merge(session.Adapter!, MergeMethod.Exact);   // the input shortcut takes Input or Weights, or LeastSquares with texts
AdapterStore.SavePeft(merged, "runs/fine-tune/lora", session.ModelFolder);
using (merged.Apply())
{
    ModelFolder.Write(session.Model, session.ModelFolder, "runs/fine-tune/merged");
}

// README: end
Console.WriteLine($"{report.Result.Steps} steps, last loss {report.Result.LastLoss:0.000}; see runs/fine-tune/lora and runs/fine-tune/merged");
