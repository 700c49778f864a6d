using ResLora.Formats.Errors;
using ResLora.Text.Data;
using ResLora.Training.Loop;
using ResLora.Training.Objectives;

namespace ResLora.Training.FineTuning;

/// <summary>
/// Fine-tunes a model that continues texts on samples of your own: the adapter of the session, or all weights where it has none. A model
/// with a chat template learns prompts as a user's turns and completions as its own, as when it is asked later.
/// </summary>
/// <param name="session">The model, borrowed.</param>
/// <param name="samples">What is learnt; read once.</param>
/// <param name="runFolder">Where metrics, checkpoints, best and last go, as <see cref="Trainer"/> says.</param>
public sealed class FineTune(ModelSession session, IEnumerable<Sample> samples, string runFolder)
{
    /// <summary>How to train. Default: <see cref="TrainConfig"/>'s own, one pass over the samples.</summary>
    public TrainConfig Training { get; init; } = new();

    /// <summary>Samples that are held out to evaluate with, from which the best state is known; read once. Default: none.</summary>
    public IEnumerable<Sample> Validation { get; init; } = [];

    /// <summary>How prompts and conversations are written. Default: with the model's own chat template, where it has one.</summary>
    public ChatUse Chat { get; init; } = new();

    /// <summary>Runs to the end, or until it is stopped.</summary>
    /// <param name="progress">Is told what happens, on the thread that trains; null for nobody.</param>
    /// <param name="resume">Whether the run in the folder goes on from its newest checkpoint.</param>
    /// <param name="stop">Ends the run after the step in hand, with a checkpoint.</param>
    /// <returns>How it ended.</returns>
    /// <exception cref="ConfigException">Settings or samples cannot be used, or the folder holds a run that is not to go on.</exception>
    /// <exception cref="FileFormatException">All checkpoints are damaged.</exception>
    /// <exception cref="TrainingFailedException">A loss, a gradient or a weight is not finite.</exception>
    public TrainResult Run(IProgress<RunEvent>? progress = null, bool resume = false, CancellationToken stop = default)
    {
        RefuseUnread();
        Sample[] train = [.. samples];
        Sample[] heldOut = [.. Validation];
        var encoding = SampleEncoding.For(
            session.Tokenizer, session.ModelFolder, Training.MaxLength, Training.MaxUntrainedShare,
            ModelChat.Of(session, Chat, train));
        var learnt = encoding.TokenizeAll(train);
        if (learnt.TooLong > 0)
        {
            progress?.Report(new Note(
                0, $"{learnt.TooLong} of {train.Length} samples are longer than {Training.MaxLength} tokens and were left out."));
        }

        return new Trainer(
            new TrainSetup(
                new NextTokenObjective(session.Causal, SampleEncoding.PadId(session.Tokenizer), Training.Packing),
                session.TrainableParameters(),
                learnt.Examples,
                heldOut.Length > 0 ? encoding.TokenizeAll(heldOut).Samples : [],
                Training,
                runFolder,
                folder => session.Save(folder))
            {
                Adapter = session.Adapter,
            }).Run(progress, resume, stop);
    }

    /// <summary>What whole jobs settle before a model is loaded is not passed over in silence.</summary>
    private void RefuseUnread()
    {
        if (Training.MaxMemory is not null)
        {
            throw new ConfigException("maxMemory is kept by TrainJob of ResLora.Experiments alone; leave it out and set the batch size.");
        }

        var loaded = session.Model.DataType.ToString().ToLowerInvariant();
        if (Training.DataType != "auto" && Training.DataType != loaded)
        {
            throw new ConfigException(
                $"dataType is {Training.DataType}, and the session was loaded in {loaded}; load it in {Training.DataType}, or leave it out.");
        }
    }
}
