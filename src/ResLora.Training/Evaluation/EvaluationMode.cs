using ResLora.Models;
using ResLora.Tensors.NativeRuntime;
using static TorchSharp.torch;

namespace ResLora.Training.Evaluation;

/// <summary>
/// While it is open a model computes without gradients, dropout, statistics and checkpointing, and .NET collects between its passes only;
/// afterwards it is as before.
/// </summary>
internal sealed class EvaluationMode : IDisposable
{
    private readonly Network _model;
    private readonly IDisposable _noGradient = no_grad();
    private readonly CollectionPause _pause;
    private readonly bool _wasTraining;
    private readonly LayerRunner? _runLayer;

    public EvaluationMode(Network model, long room = CollectionPause.UsualRoom)
    {
        _pause = new CollectionPause(room);
        (_model, _wasTraining, _runLayer) = (model, model.training, model.RunLayer);
        model.RunLayer = null;
        if (_wasTraining)
        {
            model.eval();
        }
    }

    public void Dispose()
    {
        _model.RunLayer = _runLayer;
        if (_wasTraining)
        {
            _model.train();
        }

        _noGradient.Dispose();
        _pause.Dispose();
    }
}
