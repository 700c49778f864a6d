using ResLora.Experiments.Workloads.Pictures;
using ResLora.Experiments.Workloads.TextToImage;

namespace ResLora.Experiments.Workloads;

/// <summary>The names of tasks, for those who list them.</summary>
public static class TaskNames
{
    /// <summary>The task with labels of pictures.</summary>
    public static string Pictures => PictureWorkload.TaskName;

    /// <summary>The task that makes pictures from captions.</summary>
    public static string TextToImage => TextToImageWorkload.TaskName;
}
